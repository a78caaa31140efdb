// A few worker threads of one kind, each doing one job at a time. Jobs wait in line in order.
import { getCompileCacheDir } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { type Transferable, Worker } from 'node:worker_threads'
import { AetherError, type ErrorCode } from '../core/errors.ts'

export interface WorkerPool<Job, Result> {
  /** Runs a job; what `transfer` names moves to the worker and is not usable here any more. */
  run(job: Job, transfer?: Transferable[]): Promise<Result>
  /** Ends the threads; jobs that still wait fail as `cancelled`. */
  close(): Promise<void>
}

/** What a worker answers: a result, or an error in a form that passes between threads. */
export type WorkerAnswer<Result> = { result: Result } | { error: { code: ErrorCode; message: string; hint?: string } }

interface Waiting<Job, Result> {
  job: Job
  transfer: Transferable[]
  resolve(result: Result): void
  reject(error: unknown): void
}

/** Address of a worker's module, which is TypeScript in a clone and JavaScript in the published package. */
export function workerModule(name: string, base: string): URL {
  return new URL(`./${name}.${base.endsWith('.ts') ? 'ts' : 'js'}`, base)
}

/** Threads start when there is work for them, and do not keep the process alive. */
export function createWorkerPool<Job, Result>(module: URL, size = availableParallelism()): WorkerPool<Job, Result> {
  const idle: Worker[] = []
  const all = new Set<Worker>()
  const waiting: Waiting<Job, Result>[] = []
  let closed = false

  function run(job: Job, transfer: Transferable[] = []): Promise<Result> {
    if (closed) return Promise.reject(new AetherError('cancelled', 'The workers have been ended'))
    return new Promise((resolve, reject) => {
      waiting.push({ job, transfer, resolve, reject })
      next()
    })
  }

  function next(): void {
    if (waiting.length === 0) return
    const worker = idle.pop() ?? (all.size < size ? start() : undefined)
    if (worker) perform(worker, waiting.shift()!)
  }

  function start(): Worker {
    const worker = new Worker(module, { env: environment() })
    worker.unref()
    all.add(worker)
    return worker
  }

  function perform(worker: Worker, task: Waiting<Job, Result>): void {
    const settle = (finish: () => void, reusable: boolean) => {
      // Its own alone: who ends the thread listens for its exit too, and would wait for ever.
      for (const [name, listener] of Object.entries(listeners)) worker.off(name, listener)
      if (!closed) worker.unref()
      if (reusable) idle.push(worker)
      else all.delete(worker)
      finish()
      next()
    }
    const listeners = {
      message: (answer: WorkerAnswer<Result>) => settle(() => deliver(answer, task), true),
      error: (error: unknown) => settle(() => task.reject(error), false),
      exit: () => settle(() => task.reject(endedEarly()), false),
    }
    for (const [name, listener] of Object.entries(listeners)) worker.on(name, listener)
    worker.ref() // a job under way keeps the process alive
    worker.postMessage(task.job, task.transfer)
  }

  async function close(): Promise<void> {
    closed = true
    for (const task of waiting.splice(0)) task.reject(new AetherError('cancelled', 'The workers have been ended'))
    await Promise.all([...all].map((worker) => worker.terminate()))
    all.clear()
  }

  return { run, close }
}

/** A worker finds compiled modules where this thread does, but only if its own environment says so: it starts in a third of the time. */
function environment(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir()
  return folder === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: dirname(folder) }
}

function endedEarly(): AetherError {
  return new AetherError('cancelled', 'A worker was ended in the middle of its job')
}

function deliver<Job, Result>(answer: WorkerAnswer<Result>, task: Waiting<Job, Result>): void {
  if ('result' in answer) task.resolve(answer.result)
  else task.reject(new AetherError(answer.error.code, answer.error.message, { hint: answer.error.hint }))
}
