// What an operation comes to.

export interface Reply {
  /** 0 when there is none. */
  error: number
  parts: readonly Uint8Array[]
  /** The kernel did not take it, as nobody waits any more: what was counted for it is counted back. */
  undo?: () => void
  /** Once it was sent, or could not be: nobody needs the parts any more. */
  release?: () => void
}

export function done(...parts: Uint8Array[]): Reply {
  return { error: 0, parts }
}

export function failed(error: number): Reply {
  return { error, parts: [] }
}
