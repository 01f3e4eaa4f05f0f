// Package watch follows one change under one rule, from the first look to the
// last word. It is pure: Advance takes what is known and gives what is next;
// the engine stores it by compare-and-swap and does what it implies.
//
//	             started          finished + settle             bake over
//	 waiting ───────────────► watching ─────────────────────────► healthy
//	    │                        │  grade: none → suspect →        regressed
//	    │                        │         likely → certain        inconclusive
//	    │                        │  (each rise responds once)      blind
//	    └────────────────────────┴──────────────────────────────► superseded
//
//	from      event                          to
//	waiting   the change is rolling or done  watching
//	waiting   a newer change succeeded       superseded
//	watching  a look, bake not over          watching, grade the higher of old and new (transient lowers to suspect)
//	watching  a look, bake over              the verdict's outcome
//	watching  a newer change succeeded       superseded
//	watching  our own rollback was done      regressed (rolled_back); a second watch asks whether it helped
//	watching  never finished rolling         inconclusive (rolling_never_ended)
//	watching  the store silent for the bake  blind
//	final     anything                       unchanged
package watch
