// The reader of stdout has gone, as in `aetherfs ls | head`. No failure: there is just no one left to write for.

export class OutputClosed extends Error {
  constructor() {
    super('Nobody reads the output any more')
    this.name = 'OutputClosed'
  }
}
