// Wires a context to the world, and takes it apart again.
import { readFile } from 'node:fs/promises'
import type { Client } from '../client/client.ts'
import { AetherError, systemCode } from '../core/errors.ts'
import type { Context } from './context.ts'
import { createOutput } from './output/output.ts'
import { printable } from './output/printable.ts'
import { chooseStyle } from './output/style.ts'
import type { ProgressView } from './progress/progress-view.ts'
import type { Settings } from './settings/settings.ts'
import type { World } from './world.ts'

export interface OwnedContext extends Context {
  /** Takes away what is drawn. */
  stopDrawing(): void
  /** Sends to stdout what a failed command had found, and closes the client. Never fails. */
  close(): Promise<void>
}

export function createContext(world: World, settings: Settings, signal: AbortSignal): OwnedContext {
  const out = createOutput(world.stdout, settings.json)
  let client: Promise<Client> | undefined
  let view: Promise<ProgressView> | undefined
  let drawn: ProgressView | undefined

  async function note(text: string): Promise<void> {
    if (settings.quiet) return
    const line = settings.json ? JSON.stringify({ note: text }) : text
    await (drawn === undefined ? world.stderr.write(`${line}\n`) : drawn.above(line))
  }

  const warn = (text: string) => void note(`warning: ${printable(text)}`)
  return {
    world,
    settings,
    out,
    style: chooseStyle(world.stdout, world.env),
    signal,
    now: () => world.clock.now(),
    client: () => (client ??= openClient(world, settings, warn)),
    progress: () => (view ??= openView(world, settings).then((opened) => (drawn = opened))),
    note,
    stopDrawing: () => drawn?.finish(),
    async close() {
      drawn?.finish()
      const opened = await client?.catch(() => undefined) // that it did not open was reported where it was asked for
      opened?.close()
      await out.flush().catch(() => {}) // a failure worth telling came before
    },
  }
}

async function openClient(world: World, settings: Settings, onWarning: (text: string) => void): Promise<Client> {
  const ca = settings.ca === undefined ? undefined : await readCertificates(settings.ca)
  return world.connect({
    host: settings.host,
    plainHttp: settings.plainHttp,
    ca,
    cacheFolder: settings.cacheDir,
    retryForMs: settings.retryFor * 1000,
    bytesPerSecond: settings.bwlimit,
    onWarning,
  })
}

async function readCertificates(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const missing = systemCode(cause) === 'ENOENT'
    throw new AetherError(missing ? 'not-found' : 'invalid', `Cannot read the certificates in "${file}"`, {
      cause,
      hint: 'See --ca, AETHERFS_CA and "ca" in the configuration file',
    })
  }
}

async function openView(world: World, settings: Settings): Promise<ProgressView> {
  const { createProgressView } = await import('./progress/create-progress-view.ts')
  return createProgressView(world, settings)
}
