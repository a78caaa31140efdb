// Programs of the system that mount and unmount.
import { type IOType, spawn } from 'node:child_process'
import { once } from 'node:events'
import { systemCode } from '../../core/errors.ts'

export interface ToolOutcome {
  /** Undefined when there is no such program. */
  exit: number | undefined
  stderr: string
}

export interface ToolOptions {
  /** Handed over as descriptor 3. */
  fd?: number
  env?: Record<string, string>
  /** Milliseconds that it is waited for; it may go on then. */
  patience?: number
}

/** Its words are those of the C locale. */
export async function runTool(command: string, args: string[], options: ToolOptions = {}): Promise<ToolOutcome> {
  const stdio: (IOType | number)[] = ['ignore', 'ignore', 'pipe', ...(options.fd === undefined ? [] : [options.fd])]
  const child = spawn(command, args, { stdio, cwd: '/', env: { ...process.env, LC_ALL: 'C', ...options.env } })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const { patience } = options
  const signal = patience === undefined ? undefined : AbortSignal.timeout(patience)
  try {
    const [exit] = (await once(child, 'close', { signal })) as [number | null]
    return { exit: exit ?? -1, stderr: stderr.trim() }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { exit: undefined, stderr: '' }
    if (signal?.aborted) return abandoned(child)
    throw error
  }
}

/** It waits for something that cannot be interrupted; nothing here waits with it. */
function abandoned(child: ReturnType<typeof spawn>): ToolOutcome {
  child.stderr?.destroy()
  child.unref()
  return { exit: -1, stderr: 'it takes too long' }
}
