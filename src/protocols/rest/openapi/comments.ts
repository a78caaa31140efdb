// Comments of .proto files, from descriptors that were built with source information.
// Paths of declarations: google/protobuf/descriptor.proto, SourceCodeInfo.
import type { DescField, DescFile, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf'

const MESSAGE = 4
const NESTED = 3
const FIELD = 2
const SERVICE = 6
const METHOD = 2
const SYNTAX = 12

/** The comment in front of a declaration, as one paragraph; empty when there is none. */
export function commentOf(desc: DescMessage | DescField | DescService | DescMethod): string {
  const file = desc.kind === 'field' ? desc.parent.file : desc.kind === 'rpc' ? desc.parent.file : desc.file
  return commentAt(file, pathOf(desc))
}

/** The comment at the head of a file. */
export function fileComment(file: DescFile): string {
  return commentAt(file, [SYNTAX])
}

function pathOf(desc: DescMessage | DescField | DescService | DescMethod): number[] {
  switch (desc.kind) {
    case 'service':
      return [SERVICE, desc.file.services.indexOf(desc)]
    case 'rpc':
      return [...pathOf(desc.parent), METHOD, desc.parent.methods.indexOf(desc)]
    case 'field':
      return [...pathOf(desc.parent), FIELD, desc.parent.fields.indexOf(desc)]
    case 'message':
      if (desc.parent) return [...pathOf(desc.parent), NESTED, desc.parent.nestedMessages.indexOf(desc)]
      return [MESSAGE, desc.file.messages.indexOf(desc)]
  }
}

function commentAt(file: DescFile, path: readonly number[]): string {
  const wanted = path.join()
  const location = file.proto.sourceCodeInfo?.location.find((l) => l.path.join() === wanted)
  const lines = (location?.leadingComments ?? '').split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '').join(' ')
}
