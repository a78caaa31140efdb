import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { PLAIN } from '../output/style.ts'
import { OutputClosed } from './output-closed.ts'
import { reportError } from './report-error.ts'

function report(
  error: unknown,
  { json = false, debug = false, bugs = 'https://example.com/bugs' as string | undefined } = {},
) {
  const lines: string[] = []
  const code = reportError(error, { json, debug, bugs, style: PLAIN, write: (line) => lines.push(line) })
  return { code, lines }
}

describe('reportError', () => {
  const conflict = new AetherError('conflict', 'The tag moved', { hint: 'Try again', detail: { tag: 'latest' } })

  it('says what failed and what to do next, without a stack', () => {
    assert.deepEqual(report(conflict), { code: 6, lines: ['aetherfs: The tag moved', 'hint: Try again'] })
  })

  it('writes one JSON line with --json', () => {
    const { lines } = report(conflict, { json: true })
    assert.equal(lines.length, 1)
    const error = { code: 'conflict', message: 'The tag moved', hint: 'Try again', detail: { tag: 'latest' } }
    assert.deepEqual(JSON.parse(lines[0]!), { error })
  })

  it('says null where JSON has no hint', () => {
    assert.equal(JSON.parse(report(new AetherError('denied', 'No'), { json: true }).lines[0]!).error.hint, null)
  })

  it('shows the stacks of all causes with --debug', () => {
    const { lines } = report(new AetherError('integrity', 'Bad', { cause: new Error('deeper') }), { debug: true })
    assert.match(lines[1]!, /^AetherError: Bad\n {4}at /)
    assert.match(lines[2]!, /^caused by: Error: deeper\n {4}at /)
  })

  it('tells where to report a defect', () => {
    const { code, lines } = report(new TypeError('x is not a function'))
    assert.equal(code, 1)
    assert.match(lines[1]!, /defect of AetherFS; please report it at https:\/\/example.com\/bugs .* --debug/)
  })

  it('does not call a refusal of the operating system a defect', () => {
    const refusal = Object.assign(new Error('ENOTDIR: not a directory'), { code: 'ENOTDIR', syscall: 'open' })
    assert.deepEqual(report(refusal).lines, ['aetherfs: ENOTDIR: not a directory'])
    const { lines } = report(Object.assign(refusal, { code: 'EACCES' }))
    assert.match(lines[1]!, /^hint: Give this user permission/)
  })

  it('keeps control characters of a message from the terminal', () => {
    assert.deepEqual(report(new AetherError('source', 'Cannot read "a\x1b[2Jb"')).lines, [
      'aetherfs: Cannot read "a\\x1b[2Jb"',
    ])
  })

  it('is silent when the reader of stdout has gone', () => {
    assert.deepEqual(report(new OutputClosed()), { code: 0, lines: [] })
  })
})
