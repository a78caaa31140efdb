// Writes dist, which is what "npm pack" publishes: JavaScript, declarations for TypeScript, and what the program reads
// at run time. A clone needs none of it: there Node runs src as it is.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SWAGGER_FILES } from '../src/protocols/rest/swagger-files.ts'

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
/** The file that package.json names as the program. */
const PROGRAM = join(DIST, 'cli/main.js')
const SHEBANG = '#!/usr/bin/env node\n'

function build(): void {
  rmSync(DIST, { recursive: true, force: true })
  compile()
  copyData()
  copySwagger()
  makeProgram()
}

function compile(): void {
  const compiler = join(ROOT, 'node_modules/.bin/tsc')
  const { status, error } = spawnSync(compiler, ['-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) throw new Error(`tsc ended with ${status}`)
}

/** What is no TypeScript and is loaded by its address, such as the description of the REST API. */
function copyData(): void {
  for (const path of globSync('**/*.json', { cwd: join(ROOT, 'src') })) {
    const target = join(DIST, path)
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(join(ROOT, 'src', path), target)
  }
}

/** The files of Swagger UI, so that who installs the package need not install that, which runs a script of its own then. */
function copySwagger(): void {
  const target = join(DIST, 'swagger-ui')
  mkdirSync(target)
  for (const name of [...Object.keys(SWAGGER_FILES), 'LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt'])
    copyFileSync(join(ROOT, 'node_modules/swagger-ui-dist', name), join(target, name))
}

function makeProgram(): void {
  const text = readFileSync(PROGRAM, 'utf8')
  if (!text.startsWith('#!')) writeFileSync(PROGRAM, SHEBANG + text)
  chmodSync(PROGRAM, 0o755)
}

build()
