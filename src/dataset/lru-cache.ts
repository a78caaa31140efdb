// A map that forgets what was used longest ago when it grows over a weight.

export interface LruCache<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): void
  delete(key: K): void
}

/**
 * Keeps values of at most `maxWeight` in all; a value heavier than that is not kept.
 * @param forget hears of each value that is not kept, or not any more
 */
export function createLruCache<K, V>(
  maxWeight: number,
  weigh: (value: V) => number,
  forget: (value: V) => void = () => {},
): LruCache<K, V> {
  const values = new Map<K, V>() // a Map goes through its keys in the order of their insertion: oldest first
  let weight = 0

  function remove(key: K): void {
    const value = values.get(key)
    if (value === undefined) return
    values.delete(key)
    weight -= weigh(value)
    forget(value)
  }

  function get(key: K): V | undefined {
    const value = values.get(key)
    if (value !== undefined) {
      values.delete(key)
      values.set(key, value)
    }
    return value
  }

  function set(key: K, value: V): void {
    remove(key)
    if (weigh(value) > maxWeight) {
      forget(value)
      return
    }
    values.set(key, value)
    weight += weigh(value)
    for (const oldest of values.keys()) {
      if (weight <= maxWeight) break
      remove(oldest)
    }
  }

  return { get, set, delete: remove }
}
