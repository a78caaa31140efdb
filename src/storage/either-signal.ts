// One signal for those who may stop a call: its caller, and a wrapper.

/** Aborts when either of the two does. */
export function eitherSignal(caller: AbortSignal | undefined, own: AbortSignal): AbortSignal {
  return caller ? AbortSignal.any([caller, own]) : own
}
