import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startServer } from '../server.fixture.ts'

describe('/api/docs/', async () => {
  const { url } = await startServer()
  const page = await fetch(`${url}/api/docs/`)
  const text = await page.text()

  it('is a page that runs nothing but files of this hub', () => {
    assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
    const policy = page.headers.get('content-security-policy')!
    assert.match(policy, /^default-src 'none'; script-src 'self';/)
    assert.match(policy, /connect-src 'self'/)
    assert.ok(!/<script(?! src="[\w.-]+"><\/script>)|\bon\w+=|https?:/.test(text), text)
  })

  it('has all files that it names, to be asked for again by their tags', async () => {
    const names = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, name]) => name!)
    assert.ok(names.length >= 4)
    for (const name of names) {
      const answer = await fetch(`${url}/api/docs/${name}`)
      assert.equal(answer.status, 200, name)
      assert.match(answer.headers.get('content-type')!, /^(?:text\/(?:css|javascript); charset=utf-8|image\/png)$/)
      assert.ok((await answer.bytes()).length > 100, name)
      const again = await fetch(`${url}/api/docs/${name}`, {
        headers: { 'if-none-match': answer.headers.get('etag')! },
      })
      assert.equal(again.status, 304, name)
    }
  })

  it('shows the description of this hub, and asks nobody whether that is valid', async () => {
    const start = await (await fetch(`${url}/api/docs/start.js`)).text()
    const [, address] = /url: '([^']+)'/.exec(start) ?? []
    assert.equal(new URL(address!, page.url).href, `${url}/api/openapi.json`)
    assert.match(start, /validatorUrl: null/)
  })

  it('is found without the "/" too, and has nothing else', async () => {
    assert.equal((await fetch(`${url}/api/docs`)).url, `${url}/api/docs/`)
    for (const name of ['package.json', 'index.html', 'toString', 'swagger-ui.css.map', 'a/b', '/'])
      assert.equal((await fetch(`${url}/api/docs/${name}`)).status, 404, name)
  })
})
