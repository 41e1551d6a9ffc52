"""@TITLE@: an effect for AudioSR Desktop."""

from audiosr_desktop.plugins.api import BlockEffect, Parameter


class Effect(BlockEffect):
    id = "my.@NAME@"
    title = "@TITLE@"
    parameters = (Parameter("halvings", "Halvings", "float", 1.0, 0.0, 8.0, help="How often it is halved."),)

    def process_block(self, block, sample_rate, values):
        return block * 0.5 ** values["halvings"]


def effects(scratch):
    return [Effect(scratch)]
