// Package replay judges recorded verdicts again. The journal keeps, with every
// verdict, all that it was judged from; this package defines that form, which the
// engine writes, and compares the verdict as it was with the verdict as it is now.
//
// It is pure: entries and profiles in, results out. So a verdict can be judged again
// on a machine that has nothing but an exported journal.
//
// See adr/0084.
package replay
