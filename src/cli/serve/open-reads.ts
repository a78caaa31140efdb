// The read cache of a hub, as its settings want it.
import type { Logger } from 'pino'
import { createReadCache, type ReadCache } from '../../dataset/read-cache/read-cache.ts'
import type { ReadMetrics } from '../../protocols/read-metrics.ts'
import type { Settings } from '../settings/settings.ts'

export function openReads(settings: Settings, metrics: ReadMetrics, logger: Logger): ReadCache {
  const path = settings['run.cacheFolder']
  const onWarning = (text: string) => logger.warn(text)
  const cache = createReadCache({
    memoryBytes: settings['run.readMemory'],
    folder: path === undefined ? undefined : { path, maxBytes: settings['run.cacheSize'], onWarning },
  })
  metrics.watch(cache.counts)
  return cache
}
