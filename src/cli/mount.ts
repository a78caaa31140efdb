// aetherfs mount: a dataset as a folder that reads from its hub.
import { resolve } from 'node:path'
import { formatDigest } from '../core/id.ts'
import type { Context } from './context.ts'
import { EXIT, type ExitCode } from './errors/exit-codes.ts'
import { parseMountTarget } from './mount/mount-target.ts'
import { printable } from './output/printable.ts'
import { SETTING_KEYS } from './settings/settings.ts'
import { cacheFolder } from './settings/xdg.ts'
import type { Verb } from './verb.ts'

export const mount: Verb = {
  settings: SETTING_KEYS.filter((key) => key.startsWith('mount.')),
  define(command) {
    command
      .argument('<reference>', 'what to mount: a tag, a digest, or "/", "@scope/" or "host/" for all datasets there')
      .argument('<folder>', 'an empty folder')
  },
  examples: [
    ['aetherfs mount geo:latest ./geo', 'follows the channel; "umount ./geo" ends it'],
    ['aetherfs mount hub.example.com/@team/maps:v2 /srv/maps --prefetch', 'one version, read ahead into the cache'],
    ['aetherfs mount geo:latest ./geo --offline-ok', 'also while the hub is away, as far as the cache reaches'],
    ['aetherfs mount / ./all --foreground', 'all datasets of the hub, until a signal ends it'],
  ],
  exits: [EXIT.notFound, EXIT.unauthenticated, EXIT.denied, EXIT.conflict, EXIT.integrity, EXIT.temporary],
  async run(context, [reference = '', folder = '']) {
    const target = parseMountTarget(reference)
    if (!context.settings['mount.foreground']) return background(context, folder)
    const [{ startMount }, { createLogger }, { openCLibrary }] = await Promise.all([
      import('./mount/start-mount.ts'),
      import('./serve/logger.ts'),
      import('./mount/c-library.ts'),
    ])
    const logger = createLogger(context.world, context.settings.quiet ? 'error' : 'info', context.settings.json)
    const mounted = await startMount(context, target, folder, logger)
    const { path, source, digest } = mounted
    logger.info({ path, source, digest: digest && formatDigest(digest), pid: process.pid }, 'mounted')
    await announce(context, source, path, digest && formatDigest(digest))
    process.chdir('/') // not to hold up the file system that this was called in
    await Promise.race([mounted.ended, untilAborted(context.signal)])
    const isFree = !context.signal.aborted || (await mounted.unmount())
    logger.info({ path }, 'unmounted')
    if (isFree) await mounted.ended
    else (await openCLibrary()).exit(EXIT.ok)
    return EXIT.ok // a signal or an unmount is how a mount is meant to end
  },
}

/** Whoever started the mount waits for this line, so it is sent at once. */
async function announce({ out }: Context, source: string, path: string, digest: string | undefined): Promise<void> {
  await (out.json
    ? out.value({ source, digest: digest ?? null, path, pid: process.pid })
    : out.line(`${source}${digest === undefined ? '' : `@${digest}`}  ${printable(path)}`))
  await out.flush()
}

async function background(context: Context, folder: string): Promise<ExitCode> {
  const { logFileOf, runInBackground } = await import('./mount/background.ts')
  const { unmountCommand } = await import('./mount/mount-folder.ts')
  const { settings, world } = context
  const logFile = settings['mount.logFile'] ?? logFileOf(settings.cacheDir ?? cacheFolder(world.env), resolve(folder))
  const { line, exit, log } = await runInBackground(logFile)
  if (line === undefined) {
    await world.stderr.write(log)
    return exit as ExitCode
  }
  await context.out.line(line)
  await context.note(`It reports to ${printable(logFile)}; "${unmountCommand(printable(folder))}" ends it`)
  return EXIT.ok
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
