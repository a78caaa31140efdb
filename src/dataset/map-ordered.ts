// Work on several items at once and give the results in order: the one pipe of the project.

/**
 * Results of `work` in the order of `items`, with at most `width` under way or waiting to be taken. When one fails, no more
 * are begun, those under way are waited for, and the failure is thrown in its place.
 */
export async function* mapOrdered<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = []
  const begin = (item: T) => {
    const result = work(item)
    result.catch(() => {}) // it is thrown where its turn comes
    running.push(result)
  }
  try {
    for await (const item of items) {
      if (running.length >= width) yield await running.shift()!
      begin(item)
    }
    while (running.length > 0) yield await running.shift()!
  } finally {
    await Promise.allSettled(running)
  }
}
