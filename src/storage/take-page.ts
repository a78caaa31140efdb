// Cuts one page off a walk of entries that come in byte order.

/** A key, or keys folded into one prefix. */
export interface Entry {
  name: string
  folded: boolean
}

export interface EntryPage {
  entries: Entry[]
  /** Name of the last entry when there are more. */
  next: string | undefined
}

export async function takePage(walk: AsyncIterable<Entry> | Iterable<Entry>, limit: number): Promise<EntryPage> {
  const entries: Entry[] = []
  for await (const entry of walk) {
    if (entries.length === limit) return { entries, next: entries.at(-1)?.name } // one more shows that there is a next page
    entries.push(entry)
  }
  return { entries, next: undefined }
}
