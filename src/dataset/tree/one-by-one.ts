// For readers that are done with a piece when they ask for the next one.
import type { ReadOptions } from './readable-tree.ts'

/** Options of one read: each piece is given back when the next one comes. */
export function oneByOne(): Pick<ReadOptions, 'lent'> {
  let giveBackLast = () => {}
  return {
    lent(giveBack) {
      giveBackLast()
      giveBackLast = giveBack
    },
  }
}
