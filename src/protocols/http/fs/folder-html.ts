// A folder for people. No scripts: everything is in the page when it comes, and it comes while the tree is read.
import { createHash } from 'node:crypto'
import { formatDigest } from '../../../core/id.ts'
import type { TreeFolder, TreeNode } from '../../../dataset/tree/readable-tree.ts'
import { ARCHIVE_FORMATS } from './archive-format.ts'
import { escapeHtml } from './escape-html.ts'
import type { FolderEntries } from './folder-entries.ts'
import { formatSize } from './format-size.ts'

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; --faint: color-mix(in srgb, CanvasText 60%, Canvas); --line: color-mix(in srgb, CanvasText 15%, Canvas) }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem }
h1 { font-size: 1.15rem; overflow-wrap: anywhere }
a { color: light-dark(#0550ae, #79b8ff); text-decoration: none }
a:hover { text-decoration: underline }
.facts, .time, .size, .kind { color: var(--faint) }
code { font-size: .85em; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th { font-weight: 600; text-align: left }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .5rem }
tr:hover td { background: color-mix(in srgb, CanvasText 5%, Canvas) }
.name { overflow-wrap: anywhere; width: 100% }
bdi { white-space: pre-wrap }
.size { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap }
.time { white-space: nowrap }
@media (max-width: 40rem) { .time { display: none } }
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

export async function* folderHtml(
  path: readonly string[],
  folder: TreeFolder,
  { items, limit, next }: FolderEntries,
): AsyncGenerator<string> {
  yield head(path, folder)
  if (path.length > 0) yield row('<a href="../">..</a>', '', '')
  for await (const { node } of items) yield entryRow(node)
  const more = next()
  yield `</tbody></table>${more === undefined ? '' : moreLink(more, limit)}</main></body></html>\n`
}

function head(path: readonly string[], folder: TreeFolder): string {
  const title = escapeHtml(`/${path.join('/')}`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<style>${STYLE}</style></head><body><main>
<h1>${breadcrumb(path)}</h1>
${facts(folder)}<table><thead><tr><th>Name</th><th class="size">Size</th><th class="time">Modified (UTC)</th></tr></thead><tbody>
`
}

/** Each part leads to its folder, relative to this one. */
function breadcrumb(path: readonly string[]): string {
  const parts = ['datasets', ...path].map((part, i) => {
    const up = '../'.repeat(path.length - i) || './'
    return `<a href="${up}"><bdi>${escapeHtml(part)}</bdi></a>`
  })
  return parts.join(' / ')
}

/** Of a folder with files: which snapshot it belongs to, and how to have all of it. */
function facts({ digest }: TreeFolder): string {
  if (digest === undefined) return ''
  const archives = ARCHIVE_FORMATS.map((format) => `<a href="?archive=${format}" rel="nofollow">${format}</a>`)
  return `<p class="facts">Snapshot <code>${formatDigest(digest)}</code><br>Download all: ${archives.join(', ')}</p>\n`
}

function entryRow(node: TreeNode): string {
  const name = escapeHtml(node.name) + (node.kind === 'folder' ? '/' : '')
  const kind = node.kind === 'link' ? ` <span class="kind">→ <bdi>${escapeHtml(node.target)}</bdi></span>` : ''
  const size = node.kind === 'file' ? `<span title="${node.size} bytes">${formatSize(node.size)}</span>` : ''
  return row(`${linked(node, `<bdi>${name}</bdi>`)}${kind}`, size, timeOf(node))
}

/** What no address of ours can name (url-path.ts) is shown without one; archives have it. */
function linked({ name, kind }: TreeNode, text: string): string {
  if (/[\p{Cc}\\]/u.test(name)) return text
  return `<a href="${encodeURIComponent(name).replaceAll("'", '%27')}${kind === 'folder' ? '/' : ''}">${text}</a>`
}

function timeOf({ modifiedMicros }: TreeNode): string {
  if (modifiedMicros === 0) return ''
  const time = new Date(modifiedMicros / 1000).toISOString()
  return `<time datetime="${time}">${time.slice(0, 16).replace('T', ' ')}</time>`
}

function row(name: string, size: string, time: string): string {
  return `<tr><td class="name">${name}</td><td class="size">${size}</td><td class="time">${time}</td></tr>\n`
}

function moreLink(next: string, limit: number): string {
  return `<p><a href="?limit=${limit}&amp;after=${encodeURIComponent(next)}" rel="next">Everything after these</a></p>`
}
