// A layer of the transport that does what a test tells it to.
import type { HttpAnswer, HttpCall, HttpCalls } from './http-call.ts'

export const GET: HttpCall = { method: 'GET', path: '/', maxBytes: 100 }

export interface ScriptedCalls extends HttpCalls {
  /** How often it was asked. */
  count(): number
}

/** @param next what comes next: an error is thrown, anything else is the body of an answer */
export function scriptedCalls(next: (attempt: number) => Error | string): ScriptedCalls {
  let attempts = 0
  return {
    async send(): Promise<HttpAnswer> {
      const what = next(++attempts)
      if (typeof what !== 'string') throw what
      return { status: 200, headers: {}, body: Buffer.from(what) }
    },
    close() {},
    count: () => attempts,
  }
}
