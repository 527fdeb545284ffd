// Answers as the page judges them, against exercises/ in Python: the verdict, the mistake, and every word.
import { test } from "node:test";

import * as exercise from "../../gradwalk/widgets/exercise/check.js";
import { checks, handed } from "./exercise_checks.mjs";

const folder = process.env.GRADWALK_HANDED_OVER;
const only = { skip: folder ? false : "run by tests/test_javascript.py" };
const checked = folder ? handed(folder) : [];

for (const [name, check] of Object.entries(checks)) test(name, only, () => check(exercise, checked));
