// Calls from one thread to another over a message port: a worker asks for bytes that only the main thread can read.
import type { MessagePort, Transferable } from 'node:worker_threads'
import { AetherError, type ErrorCode, toAetherError } from '../core/errors.ts'

interface Call<Request> {
  number: number
  request: Request
}

type Answer<Result> =
  | { number: number; result: Result }
  | { number: number; error: { code: ErrorCode; message: string; hint?: string } }

/** Resolves to what the other side answers. @param transfer what of the request moves there */
export type PortCall<Request, Result> = (request: Request, transfer?: Transferable[]) => Promise<Result>

export function callOver<Request, Result>(port: MessagePort): PortCall<Request, Result> {
  const waiting = new Map<number, PromiseWithResolvers<Result>>()
  let calls = 0
  port.on('message', (answer: Answer<Result>) => {
    const call = waiting.get(answer.number)
    waiting.delete(answer.number)
    if ('result' in answer) call?.resolve(answer.result)
    else call?.reject(new AetherError(answer.error.code, answer.error.message, { hint: answer.error.hint }))
  })

  return (request, transfer = []) => {
    const call = Promise.withResolvers<Result>()
    const number = calls++
    waiting.set(number, call)
    port.postMessage({ number, request } satisfies Call<Request>, transfer)
    return call.promise
  }
}

/** @param work answers one call; bytes among its results move to the caller, so they have to be nobody else's */
export function answerOver<Request, Result>(port: MessagePort, work: (request: Request) => Promise<Result>): void {
  port.on('message', async ({ number, request }: Call<Request>) => {
    try {
      const result = await work(request)
      port.postMessage({ number, result } satisfies Answer<Result>, transferOf(result))
    } catch (cause) {
      const { code, message, hint } = toAetherError(cause)
      port.postMessage({ number, error: { code, message, hint } } satisfies Answer<Result>)
    }
  })
}

function transferOf(result: unknown): Transferable[] {
  return result instanceof Uint8Array && result.buffer instanceof ArrayBuffer ? [result.buffer] : []
}
