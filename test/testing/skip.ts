// Why tests cannot run on this machine. What is no such reason is a failure.
export class Skip extends Error {
  override name = 'Skip'
}
