// aetherfs run: a hub in this process, until a signal ends it.
import type { Context } from './context.ts'
import { EXIT } from './errors/exit-codes.ts'
import { SETTING_KEYS } from './settings/settings.ts'
import type { Verb } from './verb.ts'

export const run: Verb = {
  settings: SETTING_KEYS.filter((key) => key.startsWith('run.')),
  define() {},
  examples: [
    ['aetherfs run', 'on 127.0.0.1:8080, data in the XDG data folder'],
    ['aetherfs run --listen 127.0.0.1:0 --storage ./data', 'on any free port; the address is printed on stdout'],
    [
      'aetherfs run --listen [::]:8443 --tls-cert hub.crt --tls-key hub.key --allow-anonymous',
      'for everybody who reaches it',
    ],
    ["aetherfs run --storage 's3://data/aetherfs?region=eu-central-1'", 'data in a bucket of S3'],
    ['aetherfs run --nfs', 'over NFS too, read only, on 127.0.0.1:2049'],
    ['aetherfs run --storage memory:', 'forgets everything at the end'],
  ],
  exits: [EXIT.notFound, EXIT.denied, EXIT.temporary],
  async run(context) {
    const { startHub } = await import('./serve/start-hub.ts')
    const hub = await startHub(context)
    await announce(context, hub)
    await untilAborted(context.signal)
    await hub.stop()
    return EXIT.ok // a signal is how a hub is meant to end
  },
}

/** Whoever started the hub waits for this, so it is sent at once. */
async function announce({ out }: Context, { url, nfsUrl }: { url: string; nfsUrl: string | undefined }): Promise<void> {
  const lines = nfsUrl === undefined ? url : `${url}\n${nfsUrl}`
  await (out.json ? out.value({ url, ...(nfsUrl !== undefined && { nfsUrl }) }) : out.line(lines))
  await out.flush()
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
