// Several runs as one figure: the median, and how far the runs lie apart.

export interface Summary {
  median: number
  min: number
  max: number
  count: number
}

/** Undefined for no values. */
export function summarise(values: readonly number[]): Summary | undefined {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)!, count: sorted.length }
}

/** The median of one property, of the samples that have it. */
export function medianOf<T>(items: readonly T[], pick: (item: T) => number | undefined): number | undefined {
  return summarise(items.map(pick).filter((value) => value !== undefined))?.median
}
