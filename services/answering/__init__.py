"""Answering: writes what was found in words, strictly from the records.

Answers: AnsweringService (Answer, a stream of verified sentences).
Reads: nothing on the bus. Writes: nothing on the bus.
Needs: nothing; the template realiser and the verifier are pure code. A language model is an
adapter of `ports.AnswerWriter`; whatever it writes passes the same verifier.
"""
