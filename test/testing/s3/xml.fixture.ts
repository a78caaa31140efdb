// The XML that S3 answers with. Only elements; everything that S3 says fits in them.

export type Xml = string | number | boolean | Xml[] | { [element: string]: Xml | undefined }

export function xmlDocument(root: string, content: Xml): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${xml(content)}</${root}>`
}

/** A list under a name is that element several times. */
function xml(content: Xml): string {
  if (typeof content !== 'object') return escaped(String(content))
  return Object.entries(content)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => element(name, one)))
    .join('')
}

function element(name: string, content: Xml | undefined): string {
  return content === undefined ? '' : `<${name}>${xml(content)}</${name}>`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text: string): string {
  // Characters that XML cannot hold come out as numbers, as they do from S3; nobody can read them.
  return text
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!)
    .replace(/\p{Cc}/gu, (character) => `&#x${character.charCodeAt(0).toString(16)};`)
}
