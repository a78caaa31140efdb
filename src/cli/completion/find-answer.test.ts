import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findAnswer } from './find-answer.ts'

/** Values that are offered, with what was asked of the hub. */
async function complete(...words: string[]) {
  const asked: unknown[] = []
  const answer = await findAnswer(words, async (word, host) => {
    asked.push(host === undefined ? word : `${word} on ${host}`)
    return [{ value: 'geo:v1', description: '' }]
  })
  return { values: answer.candidates.map(({ value }) => value), files: answer.files, asked }
}

describe('findAnswer', () => {
  it('offers verbs, without the hidden one', async () => {
    const { values } = await complete('')
    assert.ok(values.includes('push') && values.includes('run') && !values.includes('complete'))
    assert.deepEqual((await complete('roll')).values, ['rollback'])
    assert.deepEqual((await complete('--host', 'h:1', 'roll')).values, ['rollback'])
  })

  it('offers options of the verb, and global ones', async () => {
    assert.deepEqual((await complete('push', '--ex')).values, ['--exclude'])
    assert.deepEqual((await complete('push', '--pl')).values, ['--plain-http'])
    assert.deepEqual((await complete('--js')).values, ['--json'])
  })

  it('offers references where one is wanted', async () => {
    for (const words of [
      ['ls', 'ge'],
      ['show', 'ge'],
      ['diff', 'geo:v1', 'ge'],
      ['tag', 'geo:v1', 'ge'],
      ['rm', 'geo:a', 'geo:b', 'ge'],
      ['push', '.', '-t', 'ge'],
      ['push', '.', '--tag=ge'],
      ['push', '--base', 'ge'],
      ['pull', './data', 'ge'],
      ['pull', '-o', './data', 'ge'],
      ['pull', './data', '--include', '*.csv', 'geo:v0', 'ge'],
      ['verify', './data', 'ge'],
    ]) {
      assert.deepEqual(await complete(...words), { values: ['geo:v1'], files: false, asked: ['ge'] }, words.join(' '))
    }
  })

  it('asks the hub that the line names', async () => {
    assert.deepEqual((await complete('--host', 'h:1', 'ls', 'ge')).asked, ['ge on h:1'])
    assert.deepEqual((await complete('ls', '--host=h:1', 'ge')).asked, ['ge on h:1'])
  })

  it('lets the shell offer files where one is wanted', async () => {
    for (const words of [
      ['push', ''],
      ['pull', ''],
      ['verify', ''],
      ['ls', '--ca', ''],
      ['pull', '-o', ''],
      ['run', '--tls-key', ''],
    ]) {
      assert.deepEqual(await complete(...words), { values: [], files: true, asked: [] }, words.join(' '))
    }
  })

  it('offers the words of a fixed set', async () => {
    assert.deepEqual((await complete('completion', '')).values, ['bash', 'zsh', 'fish'])
    assert.deepEqual((await complete('run', '--log-level', 'w')).values, ['warn'])
  })

  it('offers nothing where nothing fits', async () => {
    assert.deepEqual(await complete('version', 'x'), { values: [], files: false, asked: [] })
    assert.deepEqual(await complete('push', '.', '-m', ''), { values: [], files: false, asked: [] })
  })
})
