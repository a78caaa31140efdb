// What the demo says at its end: where the hub is and what to try.
import { DATABASE } from './make-data-set.ts'

export function whatNext(
  url: string,
  { folder, source, consumer }: { folder: string; source: string; consumer: string },
): string {
  return `
The hub runs at ${url}. Try, in another terminal:

  export AETHERFS_HOST=${new URL(url).host}
  ./bin/aetherfs ls geo
  ./bin/aetherfs diff geo:v1 geo:v2
  ./bin/aetherfs log geo
  ./bin/aetherfs push ${source} -t geo:v3
  ./bin/aetherfs rollback geo:latest && ./bin/aetherfs pull ${consumer} geo
  ./bin/aetherfs verify ${consumer}
  sqlite3 -readonly ${consumer}/geo/latest/${DATABASE} 'select count(*) from places'

Ctrl-C stops the hub and removes ${folder}
`
}
