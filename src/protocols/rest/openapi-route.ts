// Serves the description of the REST API. It is written by "npm run generate", from the .proto files.
import { sendJson } from '../answer.ts'
import type { Route } from '../route-table.ts'

export const openApiRoute: Route = {
  method: 'GET',
  template: '/api/openapi.json',
  open: true,
  async handle(exchange) {
    const { default: document } = await import('../../gen/openapi.json', { with: { type: 'json' } })
    return sendJson(exchange, 200, document, { 'cache-control': 'public, max-age=300' })
  },
}
