// Reading in place: a file server's client for each door, over a hub that has read everything before, and a mount.
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Hub, startHub } from '../measure/hub.ts'
import type { Stage } from '../stage.ts'
import { createClient, DATASET } from './client.ts'
import { STEP, type Tool } from './tool.ts'

/** Room for all of the data, as the page cache has it for others. */
const READ_MEMORY = ['--read-memory', '1.5GiB']

/** `cat` and `ls -lR` of the files themselves. */
export const plainFiles: Tool = {
  name: 'plain files',
  programs: ['cat', 'ls'],
  packages: 'coreutils',
  async run(stage) {
    await readAll(stage, plainFiles.name, STEP.readAgain, stage.set.v1)
    await listAll(stage, plainFiles.name, STEP.listAgain, stage.set.v1)
  },
}

/** `curl` of all files, one after the other. */
function httpDoor(name: string, path: string): Tool {
  return {
    name,
    programs: ['curl', 'cmp'],
    packages: 'curl diffutils',
    run: (stage) =>
      withPushed(stage, READ_MEMORY, async (hub) => {
        const get = ['curl', '-sSf', ...namesIn(stage).map((file) => `http://${hub.host}/${path}/${file}`)]
        await stage.time(['sh', '-c', '"$@" | cmp - "$0"', await joined(stage), ...get])
        await timed(stage, hub, name, STEP.readAgain, ['sh', '-c', 'exec "$0" "$@" > /dev/null', ...get])
      }),
  }
}

export const fsDoor = httpDoor('/fs/, curl', `fs/${DATASET}/latest`)
export const webdavDoor = httpDoor('/webdav/, curl', `webdav/${DATASET}/latest`)
export const s3Door = httpDoor('/s3/, curl', `s3/${DATASET}/latest`)

/** `nfs-cat` of one file after the other. */
export const nfsDoor: Tool = {
  name: 'NFS, nfs-cat',
  programs: ['nfs-cat', 'cmp'],
  packages: 'libnfs-utils diffutils',
  run: (stage) =>
    withPushed(stage, [...READ_MEMORY, '--nfs', '127.0.0.1:0'], async (hub) => {
      const port = new URL((await hub.nextLine()).replace('nfs:', 'http:')).port
      const urls = namesIn(stage).map(
        (file) => `nfs://127.0.0.1/${DATASET}/latest/${file}?nfsport=${port}&mountport=${port}`,
      )
      const each = 'for url; do nfs-cat "$url" || exit 1; done'
      await stage.time(['sh', '-c', `(${each}) | cmp - "$0"`, await joined(stage), ...urls])
      await timed(stage, hub, nfsDoor.name, STEP.readAgain, ['sh', '-c', `(${each}) > /dev/null`, 'sh', ...urls])
    }),
}

/** `cat` and `ls -lR` of a mount: with nothing at hand, with all in the cache folder, and out of the page cache. */
export const mountDoor: Tool = {
  name: 'mount',
  programs: ['mount', 'umount', 'diff'],
  packages: 'mount diffutils',
  run: (stage) =>
    withPushed(stage, READ_MEMORY, async (hub) => {
      const folder = stage.at('mounted')
      await withMount(stage, hub, folder, async () => {
        await listAll(stage, mountDoor.name, STEP.list, folder)
        await readAll(stage, mountDoor.name, STEP.read, folder)
        await stage.time(['diff', '-r', stage.set.v1, folder])
      })
      await prefetch(stage, hub, folder)
      await withMount(stage, hub, folder, async () => {
        await readAll(stage, mountDoor.name, STEP.readWarm, folder)
        await readAll(stage, mountDoor.name, STEP.readAgain, folder)
        await listAll(stage, mountDoor.name, STEP.listWarm, folder)
        await listAll(stage, mountDoor.name, STEP.listAgain, folder)
      })
    }),
}

/** Until the root of a mount can be listed, and a file of it looked at, with nothing at hand. */
export const mountMany: Tool = {
  name: 'mount',
  programs: ['mount', 'umount', 'stat'],
  packages: 'mount coreutils',
  run: (stage) =>
    withPushed(stage, [], async (hub) => {
      const folder = stage.at('mounted')
      mkdirSync(folder)
      const file = readdirSync(stage.set.v1, { recursive: true, encoding: 'utf8' }).at(-1)!
      const script = '"$0" mount "$1" "$2" -q && ls "$2" > /dev/null && stat "$2/$3" > /dev/null'
      const words = ['sh', '-c', script, stage.program, `${DATASET}:latest`, folder, file]
      const usage = await stage.time(words, { env: { AETHERFS_HOST: hub.host } })
      await stage.time(['umount', folder])
      stage.add({ step: STEP.usable, tool: mountMany.name, ...usage })
    }),
}

async function withPushed(stage: Stage, args: readonly string[], work: (hub: Hub) => Promise<void>): Promise<void> {
  const store = stage.at('store')
  mkdirSync(store)
  await using hub = await startHub({ ...stage, store, log: stage.at('hub.log'), args })
  await stage.live('v1', (source) => createClient(stage, hub, store).push(source, 'latest'))
  await work(hub)
}

/** Until everything is in the cache folder, as it is when a mount has been there for a while. */
function prefetch(stage: Stage, hub: Hub, folder: string): Promise<void> {
  const log = stage.at('mount.log')
  const ready = 'until grep -q "all files are in the cache" "$0"; do sleep 0.1; done'
  const wait = async () => void (await stage.time(['timeout', '300', 'sh', '-c', ready, log]))
  return withMount(stage, hub, folder, wait, ['--prefetch', '--log-file', log])
}

async function withMount(
  stage: Stage,
  hub: Hub,
  folder: string,
  work: () => Promise<void>,
  args: readonly string[] = ['-q'],
): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const words = [stage.program, 'mount', `${DATASET}:latest`, folder, ...args]
  await stage.time(words, { env: { AETHERFS_HOST: hub.host } })
  try {
    await work()
  } finally {
    await stage.time(['umount', folder])
  }
}

async function timed(stage: Stage, hub: Hub, tool: string, step: string, words: string[]): Promise<void> {
  const { result: usage, hub: used } = await hub.during(() => stage.time(words))
  stage.add({ step, tool, ...usage, hub: used, content: stage.set.contents.v1.bytes })
}

async function readAll(stage: Stage, tool: string, step: string, folder: string): Promise<void> {
  const words = ['sh', '-c', 'find "$1" -type f -exec cat {} + > /dev/null', 'sh', folder]
  stage.add({ step, tool, ...(await stage.time(words)), content: stage.set.contents.v1.bytes })
}

async function listAll(stage: Stage, tool: string, step: string, folder: string): Promise<void> {
  stage.add({ step, tool, ...(await stage.time(['sh', '-c', 'ls -lR "$1" > /dev/null', 'sh', folder])) })
}

function namesIn({ set }: Stage): string[] {
  return readdirSync(set.v1).sort()
}

/** All files in one, to compare with. */
async function joined(stage: Stage): Promise<string> {
  const path = stage.at('joined')
  const files = namesIn(stage).map((name) => join(stage.set.v1, name))
  await stage.time(['sh', '-c', 'out=$1; shift; cat "$@" > "$out"', 'sh', path, ...files])
  return path
}
