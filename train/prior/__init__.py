"""What is known of the classes before any labelled sample: maps of made-up movements to start a network from.

    shapes (faces) + units (which action units a class has) -> fields (how they move skin)
        -> nuisance (head motion, noise) -> made_up (flow maps in the published layout)

Only `train.pretrain` uses it. No labelled sample takes part, so it may precede any split of them.
"""
