// Datasets as messages of dataset_api.proto, and back.
import type { MessageInitShape } from '@bufbuild/protobuf'
import { AetherError } from '../../core/errors.ts'
import { parseDatasetName, parseTagName } from '../../core/names.ts'
import type { Dataset, DatasetSchema, File, Tag } from '../../gen/aetherfs/dataset/v1/dataset_api_pb.ts'
import type { V1Dataset, V1File, V1Tag } from '../../hub/v1/v1-hub.ts'

const MICROS = 1_000_000

export function datasetMessage({ files, blockSize, blocks }: V1Dataset): MessageInitShape<typeof DatasetSchema> {
  return { files: files.map(fileMessage), blockSize, blocks }
}

function fileMessage({ path, size, modifiedMicros }: V1File) {
  const nanos = (modifiedMicros % MICROS) * 1000
  const lastModified = { seconds: BigInt(Math.floor(modifiedMicros / MICROS)), nanos }
  return { name: path, size: BigInt(size), lastModified }
}

/** @throws {AetherError} `invalid` */
export function parseDataset(dataset: Dataset | undefined): V1Dataset {
  if (!dataset) throw new AetherError('invalid', 'A publish needs a dataset')
  const { files, blockSize, blocks } = dataset
  return { files: files.map(parseFile), blockSize, blocks }
}

/** Sizes that are none are refused where all of them are looked at. */
function parseFile({ name, size, lastModified }: File): V1File {
  const { seconds = 0n, nanos = 0 } = lastModified ?? {}
  return { path: name, size: Number(size), modifiedMicros: Number(seconds) * MICROS + nanos / 1000 }
}

/** @throws {AetherError} `invalid` */
export function parseTag(tag: Tag | undefined): V1Tag {
  if (!tag) throw new AetherError('invalid', 'The request names no tag')
  return { dataset: parseDatasetName(tag.name), tag: parseTagName(tag.version) }
}
