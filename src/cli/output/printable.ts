// Text from outside (paths, messages, names) on its way to a terminal. A file may be called anything, also an escape
// sequence that rewrites the screen; such characters are shown instead of sent.

// C0 and C1 controls, and the characters that change the direction in which others are shown.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** The text on one line, with nothing in it that a terminal would act on. */
export function printable(text: string): string {
  return text.replace(HIDDEN, escaped)
}

/** The same for text of several lines, which stay lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

function escaped(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\t') return '\\t'
  const code = character.charCodeAt(0)
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
