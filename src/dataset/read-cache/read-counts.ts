// What a read cache counts, for those who watch it.

export interface ReadCounts {
  /** Parts of frames that were in memory, or on their way there already. */
  memoryHits: number
  /** Frames, or parts of them, that were in the folder. */
  folderHits: number
  /** Frames that were fetched. */
  misses: number
  fetches: number
  fetchedBytes: number
  givenBytes: number
  /** Frames that were not what they should be, in the folder or as they were fetched. */
  damaged: number
}

export function newCounts(): ReadCounts {
  return { memoryHits: 0, folderHits: 0, misses: 0, fetches: 0, fetchedBytes: 0, givenBytes: 0, damaged: 0 }
}
