// The panels against other commands, of the capture that is kept here: needs no root.

import { FREEZE } from './support.mjs';
import { totals } from './totals.mjs';

totals('a machine that froze', () => FREEZE);
