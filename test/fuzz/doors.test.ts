// Fuzzing of what clients of WebDAV and S3 send besides bytes.
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { parseToken } from '../../src/protocols/s3/list-token.ts'
import { parseS3Request } from '../../src/protocols/s3/s3-request.ts'
import { checkSignature } from '../../src/protocols/s3/signature.ts'
import { signatureParts } from '../../src/protocols/s3/signature-parts.ts'
import { decodeTreePath } from '../../src/protocols/tree-path.ts'
import type { PropertyName } from '../../src/protocols/webdav/property-name.ts'
import { type PropfindRequest, parsePropfind } from '../../src/protocols/webdav/propfind-request.ts'
import { xmlText } from '../../src/protocols/xml-text.ts'
import { fuzz } from './fuzz.fixture.ts'

function formatPropfind(request: PropfindRequest): string {
  const elements = (names: readonly PropertyName[]) =>
    names.map(({ namespace, name }) => `<${name} xmlns="${xmlText(namespace)}"/>`).join('')
  const inner = {
    all: () => `<allprop/><include>${request.kind === 'all' ? elements(request.others) : ''}</include>`,
    names: () => '<propname/>',
    some: () => `<prop>${request.kind === 'some' ? elements(request.names) : ''}</prop>`,
  }
  return `<propfind xmlns="DAV:">${inner[request.kind]()}</propfind>`
}

/** A request as the corpus has it: one part in each line. */
function partsOf(bytes: Buffer) {
  const [method = '', path = '', query = '', authorization = '', date = '', payload = ''] = bytes.toString().split('\n')
  const headers = { ...(authorization && { authorization }), 'x-amz-date': date, 'x-amz-content-sha256': payload }
  return { method, path, query, headers, authority: 'examplebucket.s3.amazonaws.com' }
}

describe('fuzzing', () => {
  fuzz('bodies of PROPFIND', {
    corpus: 'propfind',
    codes: ['invalid', 'too-large'],
    maxLength: 64 * 1024,
    parse(bytes) {
      const request = parsePropfind(bytes)
      assert.deepEqual(parsePropfind(Buffer.from(formatPropfind(request))), request)
    },
  })

  fuzz('requests to S3', {
    corpus: 's3-request',
    codes: ['invalid', 'not-found', 'too-large'],
    maxLength: 16 * 1024,
    parse(bytes, random) {
      const { method, path, query } = partsOf(bytes)
      if (random.chance(0.3)) return decodeTreePath(path)
      const request = parseS3Request(method, path, query)
      const token = request.query.get('continuation-token')
      return token === null ? request : parseToken(token)
    },
  })

  fuzz('signatures of requests to S3', {
    corpus: 's3-request',
    codes: ['invalid', 'denied'],
    maxLength: 16 * 1024,
    parse(bytes) {
      const request = partsOf(bytes)
      const parts = signatureParts(request.headers, request.query)
      // Nobody can guess a signature for a secret that they do not know.
      if (parts)
        assert.throws(() => checkSignature(request, parts, 'secret', Date.UTC(2013, 4, 24)), { name: 'AetherError' })
    },
  })
})
