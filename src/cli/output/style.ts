// Colours, on terminals only. https://no-color.org: NO_COLOR that is not empty turns them off.

export interface Style {
  strong(text: string): string
  faint(text: string): string
  good(text: string): string
  bad(text: string): string
  changed(text: string): string
}

const plain = (text: string) => text

export const PLAIN: Style = { strong: plain, faint: plain, good: plain, bad: plain, changed: plain }

export const COLOURED: Style = {
  strong: sequence(1, 22),
  faint: sequence(2, 22),
  good: sequence(32, 39),
  bad: sequence(31, 39),
  changed: sequence(33, 39),
}

export function chooseStyle(stream: { isTTY: boolean }, env: Record<string, string | undefined>): Style {
  return stream.isTTY && !env.NO_COLOR && env.TERM !== 'dumb' ? COLOURED : PLAIN
}

function sequence(on: number, off: number): (text: string) => string {
  return (text) => `\x1b[${on}m${text}\x1b[${off}m`
}
