// The only file that knows @bomb.sh/tab: the scripts for each shell, and the protocol in which they ask (`aetherfs
// complete -- words`). The library is young, so what it lacks is mended here, and a test says when that no longer fits.
import { ShellCompDirective, script } from '@bomb.sh/tab'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

export interface Answer {
  candidates: readonly Candidate[]
  /** Let the shell offer files when no candidate fits. */
  files: boolean
}

export interface Candidate {
  value: string
  description: string
}

export function shellScript(shell: Shell): string {
  const text = captureLog(() => script(shell, 'aetherfs', 'aetherfs'))
  return shell === 'bash' ? mendBash(text) : text
}

/** What the scripts expect: a line for each candidate, then what to do when there is none. */
export function answerLines({ candidates, files }: Answer): string[] {
  const directive = files
    ? ShellCompDirective.ShellCompDirectiveDefault
    : ShellCompDirective.ShellCompDirectiveNoFileComp
  return [...candidates.map(({ value, description }) => `${value}\t${description}`), `:${directive}`]
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
const BASH_REPLY = 'COMPREPLY=( $(compgen -W "${completions[*]}" -- "$cur") )'
const BASH_REGISTER = 'complete -F __aetherfs_complete aetherfs'
const BASH_CONSTANTS = /^readonly (?=ShellCompDirective)/gm

/**
 * bash splits words at ":" and "=", so of "geo:v1" only "v1" must be given back; files are offered only when the
 * registration allows it; and constants that are read-only make it an error to load the script twice.
 */
function mendBash(text: string): string {
  for (const part of [BASH_REPLY, BASH_REGISTER]) {
    if (!text.includes(part)) throw new Error(`The bash script of @bomb.sh/tab no longer has: ${part}`)
  }
  return text
    .replace(BASH_CONSTANTS, '')
    .replace(
      BASH_REPLY,
      () => `[[ "$cur" == -*=* ]] && cur=\${cur#*=}\n    ${BASH_REPLY}\n    __ltrim_colon_completions "$cur"`,
    )
    .replace(BASH_REGISTER, () => BASH_REGISTER.replace('complete ', 'complete -o default '))
}

/** The library prints; our output goes to where the caller wants it. */
function captureLog(call: () => void): string {
  const log = console.log
  const lines: string[] = []
  console.log = (text: string) => lines.push(text)
  try {
    call()
  } finally {
    console.log = log
  }
  return lines.join('\n')
}
