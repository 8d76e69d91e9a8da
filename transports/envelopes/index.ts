/** All envelopes by name. */
import type { EnvelopeName } from '../contract.ts';
import type { Envelope } from '../envelope.ts';
import { binary } from './binary.ts';
import { chat } from './chat.ts';
import { compact } from './compact.ts';
import { responses } from './responses.ts';

export const ENVELOPE_BY_NAME: Readonly<Record<EnvelopeName, Envelope>> = Object.freeze({ chat, responses, compact, binary });
