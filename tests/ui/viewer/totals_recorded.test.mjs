// The panels against other commands, of a process recorded now.

import { record } from './support.mjs';
import { totals } from './totals.mjs';

const file = record('spin', ['spin', '--threads', '2', '--seconds', '1']);
totals('a process recorded now', () => file);
