// Dataset names in URLs: "name"; "@scope/name" as two segments, or as one with the slash encoded.

/** A dataset name as it stands in a path, not yet checked, and the segments that it takes. */
export interface DatasetInPath {
  text: string
  segments: 1 | 2
}

/** Takes a dataset name from the front of decoded segments; undefined when a scope has no name behind it. */
export function takeDataset(segments: readonly string[]): DatasetInPath | undefined {
  const [first, second] = segments
  if (!first) return undefined
  if (!first.startsWith('@') || first.includes('/')) return { text: first, segments: 1 }
  return second ? { text: `${first}/${second}`, segments: 2 } : undefined
}
