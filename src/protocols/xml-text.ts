// Text as it stands in XML.

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/**
 * Text for an element or an attribute in double quotes. Control characters, which XML 1.0 has no way to write, are written as
 * references all the same when `keepControls` is set, as S3 does; else they are U+FFFD.
 */
export function xmlText(text: string, { keepControls = false } = {}): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
  return text.toWellFormed().replace(/[&<>"\x00-\x1f\x7f\ufffe\uffff]/g, (one) => {
    const reference = ESCAPES[one]
    if (reference !== undefined) return reference
    return keepControls || '\t\n\r\x7f'.includes(one) ? `&#${one.charCodeAt(0)};` : '\ufffd'
  })
}
