// Folders for one test, gone when it ends.
import { execFile } from 'node:child_process'
import { mkdtemp, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface TemporaryFolder extends AsyncDisposable {
  path: string
  /** The path of something in the folder. */
  at(...parts: string[]): string
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'aetherfs-test-')))
  return { path, at: (...parts) => join(path, ...parts), [Symbol.asyncDispose]: () => removeAll(path) }
}

/** With the tools of the system: tests put names on disk that are no text, and folders that may not be written to. */
async function removeAll(path: string): Promise<void> {
  await run('rm', ['-rf', path]).catch(async () => {
    await run('chmod', ['-R', 'u+rwX', path])
    await run('rm', ['-rf', path])
  })
}
