// Content types of files by the ends of their names. Programs of a dataset are text here: nothing that a browser gets from
// a door runs in it, see content-policy.ts.

const BINARY = 'application/octet-stream'

/** By what they have in common; the ends are in lower case. */
const ENDS: Readonly<Record<string, string>> = {
  'text/plain; charset=utf-8':
    'txt text log conf cfg ini toml rst tex diff patch sql c h cc cpp hpp rs go java kt swift py rb pl r jl lua sh bash zsh ' +
    'js mjs cjs ts mts jsx tsx css scss proto graphql ipynb vtt srt sha256 md5',
  'text/markdown; charset=utf-8': 'md markdown',
  'text/csv; charset=utf-8': 'csv',
  'text/tab-separated-values; charset=utf-8': 'tsv tab',
  'text/html; charset=utf-8': 'html htm',
  'application/xhtml+xml': 'xhtml',
  'application/xml': 'xml xsl xsd rng kml gpx',
  'application/json': 'json geojson topojson webmanifest map',
  'application/x-ndjson': 'ndjson jsonl',
  'application/yaml': 'yaml yml',
  'application/vnd.sqlite3': 'sqlite sqlite3 db db3 gpkg mbtiles',
  'application/vnd.apache.parquet': 'parquet',
  'application/vnd.apache.arrow.file': 'arrow feather',
  'application/vnd.apache.arrow.stream': 'arrows',
  'application/x-hdf5': 'h5 hdf5',
  'application/zip': 'zip npz',
  'application/gzip': 'gz tgz',
  'application/zstd': 'zst',
  'application/x-tar': 'tar',
  'application/x-bzip2': 'bz2',
  'application/x-xz': 'xz',
  'application/x-7z-compressed': '7z',
  'application/pdf': 'pdf',
  'application/wasm': 'wasm',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'image/svg+xml': 'svg',
  'image/png': 'png',
  'image/jpeg': 'jpg jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/tiff': 'tif tiff',
  'image/x-icon': 'ico',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/flac': 'flac',
  'audio/ogg': 'ogg oga opus',
  'video/mp4': 'mp4 m4v',
  'video/webm': 'webm',
  'font/woff2': 'woff2',
}

const TYPES = new Map(Object.entries(ENDS).flatMap(([type, ends]) => ends.split(' ').map((end) => [end, type])))
/** Names that say it without an end. */
const NAMES = /^(?:readme|license|licence|copying|changelog|makefile|dockerfile|sha256sums|md5sums)$/i

export function contentTypeOf(name: string): string {
  if (NAMES.test(name)) return 'text/plain; charset=utf-8'
  const end = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase()
  return TYPES.get(end ?? '') ?? BINARY
}
