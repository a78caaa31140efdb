// aetherfs completion: prints the script that teaches a shell to complete our commands.
import { AetherError } from '../core/errors.ts'
import { SHELLS, shellScript } from './completion/shell-scripts.ts'
import type { Verb } from './verb.ts'

export const completion: Verb = {
  readsConfig: false,
  define(command) {
    command.argument('<shell>', SHELLS.join(', '))
  },
  examples: [
    ['source <(aetherfs completion bash)', 'in ~/.bashrc; needs the package bash-completion'],
    ['source <(aetherfs completion zsh)', 'in ~/.zshrc, after compinit'],
    ['aetherfs completion fish > ~/.config/fish/completions/aetherfs.fish', 'once'],
  ],
  exits: [],
  async run({ out }, [wanted = '']) {
    const shell = SHELLS.find((one) => one === wanted)
    if (shell === undefined)
      throw new AetherError('invalid', `There is no completion for "${wanted}"`, {
        hint: `There is one for ${SHELLS.join(', ')}`,
      })
    const script = shellScript(shell)
    await (out.json ? out.value({ shell, script }) : out.line(script))
    return undefined
  },
}
