// Writes src/gen from the .proto files: messages and services by buf, and the OpenAPI document from the same descriptors.
// Run it with "npm run generate"; a test tells when it has been forgotten.
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { openApiDocument } from '../src/protocols/rest/openapi/document.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..')
const BIN = join(ROOT, 'node_modules/.bin')
/** Services that the REST API describes. */
const SERVICES = ['aetherfs.v2.DatasetService']

/** Writes everything that is generated to `folder`, as src/gen has it. */
export async function generate(folder: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'aetherfs-generate-'))
  try {
    await buf('generate', '-o', scratch)
    await cp(join(scratch, 'src/gen'), folder, { recursive: true })
    await buf('build', '-o', join(scratch, 'image.binpb'))
    await writeFile(join(folder, 'openapi.json'), await openApi(await readFile(join(scratch, 'image.binpb'))))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function openApi(image: Uint8Array): Promise<string> {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image))
  const services = SERVICES.map((name) => registry.getService(name) ?? fail(`There is no service ${name}`))
  return `${JSON.stringify(openApiDocument(services), undefined, 2)}\n`
}

async function buf(...args: string[]): Promise<void> {
  await run(join(BIN, 'buf'), args, { cwd: ROOT, env: { ...process.env, PATH: `${BIN}:${process.env.PATH}` } })
}

function fail(message: string): never {
  throw new Error(message)
}

/** Files below a folder by their paths, with what is in them. */
export async function readFiles(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(
    await Promise.all(
      paths.sort().map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const),
    ),
  )
}

/** Brings src/gen up to date, touching only what differs. */
async function main(): Promise<void> {
  const target = join(ROOT, 'src/gen')
  const fresh = await mkdtemp(join(tmpdir(), 'aetherfs-gen-'))
  await generate(fresh)
  const [now, next] = await Promise.all([readFiles(target), readFiles(fresh)])
  for (const [path] of now) if (!next.has(path)) await rm(join(target, path))
  for (const [path, text] of next) {
    if (now.get(path) === text) continue
    await cp(join(fresh, path), join(target, path))
    console.log(`src/gen/${path}`)
  }
  await rm(fresh, { recursive: true })
}

if (import.meta.main) await main()
