// aetherfs.agent.v1.AgentAPI on a hub: its calls are about folders of the agent's machine, so that a hub has nothing to do.
import { Code } from '@connectrpc/connect'
import { AgentAPI } from '../../gen/aetherfs/agent/v1/agent_api_pb.ts'
import { CallError } from '../connect-error.ts'
import { type BoundStream, bindStream } from '../stream-calls.ts'
import { type BoundCall, bindCall } from '../unary-calls.ts'

const { publish, subscribe, gracefulShutdown, watchSubscription } = AgentAPI.method

export function agentCalls(): BoundCall[] {
  return [bindCall(publish, refuse), bindCall(subscribe, refuse), bindCall(gracefulShutdown, refuse)]
}

export function agentStreams(): BoundStream[] {
  return [bindStream(watchSubscription, refuse)]
}

function refuse(): never {
  throw new CallError(Code.Unimplemented, 501, 'invalid', 'This is a hub, and the call is one for an agent', {
    hint: 'Agents work on folders of their own machine; call the one beside the files',
  })
}
