import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { createTestWorld } from '../testing/test-world.fixture.ts'
import { answerLines, SHELLS, shellScript } from './shell-scripts.ts'

function hasShell(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0
}

describe('shellScript', () => {
  for (const shell of SHELLS) {
    it(`asks "aetherfs complete" in ${shell}`, async () => {
      const world = createTestWorld()
      assert.equal(await world.run('completion', shell), 0)
      assert.match(world.stdout.text(), /aetherfs complete -- /)
      assert.equal(world.stdout.text(), `${shellScript(shell)}\n`)
    })

    it(`is a script that ${shell} can read`, { skip: !hasShell(shell) }, () => {
      execFileSync(shell, ['-n'], { input: shellScript(shell) })
    })
  }

  it('gives bash only what it replaces: a word ends at a colon for it', { skip: !hasShell('bash') }, () => {
    // In the place of the package bash-completion and of our program.
    const surroundings = `
      _get_comp_words_by_ref() { words=(aetherfs ls "$WORD"); cword=2; cur=$WORD; prev=ls; }
      __ltrim_colon_completions() { local prefix=\${1%"\${1##*:}"}; COMPREPLY=("\${COMPREPLY[@]#"$prefix"}"); }
      aetherfs() { printf 'geo:latest\\tx\\ngeo:v1\\ty\\n:4\\n'; }
      compopt() { :; }
    `
    const script = `${surroundings}\n${shellScript('bash')}\n${shellScript('bash')}\n__aetherfs_complete; echo "\${COMPREPLY[*]}"; complete -p aetherfs`
    const run = (word: string) =>
      execFileSync('bash', ['-c', script], { env: { ...process.env, WORD: word }, encoding: 'utf8', stdio: 'pipe' })
    assert.equal(run('geo:'), 'latest v1\ncomplete -o default -F __aetherfs_complete aetherfs\n')
    assert.match(run('geo:v'), /^v1\n/)
    assert.match(run('ge'), /^geo:latest geo:v1\n/)
  })

  it('says for which shells there is one', async () => {
    const world = createTestWorld()
    assert.equal(await world.run('completion', 'tcsh'), 2)
    assert.equal(
      world.stderr.text(),
      'aetherfs: There is no completion for "tcsh"\nhint: There is one for bash, zsh, fish\n',
    )
  })
})

describe('answerLines', () => {
  it('ends in what to do when no candidate fits', () => {
    assert.deepEqual(answerLines({ candidates: [{ value: 'geo:v1', description: 'a1' }], files: false }), [
      'geo:v1\ta1',
      ':4',
    ])
    assert.deepEqual(answerLines({ candidates: [], files: true }), [':0'])
  })
})
