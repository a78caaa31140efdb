// Small pages for operators and for people who try the address in a browser.
import { sendBytes, sendText } from '../answer.ts'
import type { Metrics } from '../metrics.ts'
import type { Readiness } from '../readiness.ts'
import type { Route } from '../route-table.ts'

export interface ProbeOptions {
  readiness: Readiness
  metrics: Metrics
  version: string
}

export function probeRoutes({ readiness, metrics, version }: ProbeOptions): Route[] {
  return [
    { method: 'GET', template: '/', open: true, handle: (exchange) => sendText(exchange, 200, homePage(version)) },
    { method: 'GET', template: '/healthz', open: true, handle: (exchange) => sendText(exchange, 200, 'alive\n') },
    {
      method: 'GET',
      template: '/readyz',
      open: true,
      async handle(exchange) {
        await readiness.check()
        return sendText(exchange, 200, 'ready\n')
      },
    },
    {
      method: 'GET',
      template: '/metrics',
      async handle(exchange) {
        const { text, type } = await metrics.text()
        return sendBytes(exchange, 200, { 'content-type': type, 'cache-control': 'no-store' }, Buffer.from(text))
      },
    },
  ]
}

function homePage(version: string): string {
  return `AetherFS ${version}: a hub for datasets.

  aetherfs ls HOST             lists the datasets here
  aetherfs pull HOST/DATASET   fetches one

Files        /fs/ has every dataset, to look at and to read in place; /webdav/ and /s3/ have them for WebDAV and S3
REST API     /api/docs/ shows it, /api/openapi.json describes it
gRPC         aetherfs.v2.DatasetService on this port, with reflection; gRPC-web and Connect as well
Operations   /healthz  /readyz  /metrics
`
}
