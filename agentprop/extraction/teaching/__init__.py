"""Skills from a language model: chunks of a corpus → proposed and rated candidates → tried packages.

Paper (arXiv 2602.03279): candidates ⟨ι, μ, δ, τ⟩ of a teacher, each with a quality r(k), rejected below τ_r. Ours: the
rubric of r(k), the reply format, merging by MinHash, and the trial of the scripts.
"""
