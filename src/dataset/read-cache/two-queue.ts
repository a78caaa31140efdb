// A cache that one big scan does not empty: 2Q (Johnson and Shasha, "2Q: A Low Overhead High Performance Buffer Management
// Replacement Algorithm", 1994).
//
// What is new goes through a queue, first in, first out, however often it is asked for meanwhile: many small reads of one
// place are one use. Of what leaves it the key is remembered for a while. What comes again in that time is kept by least
// recent use. A scan only ever goes through the queue.

/** Part of the weight that the queue of new values keeps, once there is not room for all. */
const NEW_PART = 0.25
/** Weight of the values whose keys are remembered, as a part of the whole. */
const GHOST_PART = 0.5

export interface TwoQueue<K, V> {
  get(key: K): V | undefined
  /** A value that is there under this key is replaced in its place. */
  set(key: K, value: V): void
  delete(key: K): void
  /** Of all values. */
  weight(): number
}

/** A queue by age, with its weight. */
interface Queue<K, T> {
  items: Map<K, T>
  weight: number
}

/**
 * Keeps values of at most `maxWeight` in all; a value heavier than that is not kept.
 * @param onLeave hears of each value that is not here any more, or never was
 */
export function createTwoQueue<K, V>(
  maxWeight: number,
  weigh: (value: V) => number,
  onLeave: (value: V) => void = () => {},
): TwoQueue<K, V> {
  const fresh: Queue<K, V> = { items: new Map(), weight: 0 }
  const proven: Queue<K, V> = { items: new Map(), weight: 0 }
  const ghosts: Queue<K, number> = { items: new Map(), weight: 0 }

  function get(key: K): V | undefined {
    const value = proven.items.get(key)
    if (value === undefined) return fresh.items.get(key)
    proven.items.delete(key) // a Map goes through its keys in the order of their insertion
    proven.items.set(key, value)
    return value
  }

  function set(key: K, value: V): void {
    const weight = weigh(value)
    const queue = queueFor(key)
    remove(key)
    if (weight > maxWeight) {
      onLeave(value)
      return
    }
    queue.items.set(key, value)
    queue.weight += weight
    while (fresh.weight + proven.weight > maxWeight) shrink()
  }

  function queueFor(key: K): Queue<K, V> {
    const isKnown = proven.items.has(key) || ghosts.items.has(key)
    drop(ghosts, key, (weight) => weight)
    return isKnown ? proven : fresh
  }

  function shrink(): void {
    if (fresh.weight <= maxWeight * NEW_PART && proven.items.size > 0) {
      leave(proven, oldest(proven))
      return
    }
    const key = oldest(fresh)
    const weight = weigh(fresh.items.get(key)!)
    leave(fresh, key)
    ghosts.items.set(key, weight)
    ghosts.weight += weight
    while (ghosts.weight > maxWeight * GHOST_PART) drop(ghosts, oldest(ghosts), (ghost) => ghost)
  }

  function remove(key: K): void {
    leave(fresh, key)
    leave(proven, key)
  }

  function leave(queue: Queue<K, V>, key: K): void {
    const value = queue.items.get(key)
    if (value === undefined) return
    drop(queue, key, weigh)
    onLeave(value)
  }

  return { get, set, delete: remove, weight: () => fresh.weight + proven.weight }
}

function drop<K, T>(queue: Queue<K, T>, key: K, weigh: (item: T) => number): void {
  const item = queue.items.get(key)
  if (item === undefined) return
  queue.items.delete(key)
  queue.weight -= weigh(item)
}

function oldest<K, T>({ items }: Queue<K, T>): K {
  return items.keys().next().value as K
}
