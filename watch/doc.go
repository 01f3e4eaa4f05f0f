// Package watch follows one change under one rule, from the first look to the
// outcome. It is pure: Advance takes a watch and the facts of one moment and
// returns the next watch; the engine stores that by compare-and-swap and acts
// on it.
//
//	            started          finished + settle             bake over
//	waiting ───────────────► watching ─────────────────────────► healthy
//	   │                        │  grade: none → suspect →        regressed
//	   │                        │         likely → certain        inconclusive
//	   │                        │  (each rise responds once)      blind
//	   └────────────────────────┴──────────────────────────────► superseded
//
// The transitions of an open watch, of which the first that fits is taken. A
// watch that waits becomes watching with the first moment after its change
// started, and may end at once.
//
//	transition     when                                          to
//	rolled back    our own rollback of the change was done       regressed
//	superseded     a newer change of the slot succeeded          superseded
//	still rolling  no end of the rollout within MaxRolling       inconclusive
//	last look      a look at the whole bake                      healthy, regressed, inconclusive, blind
//	look           a look before that                            waiting, watching
//	no look        nothing of that                               waiting, watching
//
// After its own change was rolled back, a recovery watch checks that this
// helped. A look takes the higher of the old and the new grade, and lowers the
// grade only for a transient verdict. Nothing leaves a final state.
package watch
